"""Former name of `kernel.model.saved_base`: `.keras` archives of earlier runs import it."""

from kernel.model.saved_base import SavedModelBase as SavedModelBase
