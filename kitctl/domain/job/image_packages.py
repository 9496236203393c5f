"""The packages of Kaggle's image, as far as they matter here: those that people ask for.

Source: kaggle_requirements.txt and the Dockerfile of Kaggle/docker-python, and its base (Colab's
image), read in November 2026. What is not listed may be in the image all the same.
"""

from __future__ import annotations

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

_NAMES = """
absl-py accelerate albumentations altair annoy arrow bayesian-optimization beautifulsoup4 bokeh
boruta boto3 catboost category-encoders certifi click cloudpickle cython cytoolz dask datasets
deap diffusers distributed easyocr einops eli5 emoji fastai fastapi fastcore fasttext featuretools
filelock flax fsspec fuzzywuzzy gensim geopandas google-genai gradio gymnasium h2o h5py haversine
hmmlearn holidays httpx huggingface-hub hyperopt igraph imagehash imageio imbalanced-learn
ipykernel ipython ipywidgets jax jaxlib jinja2 joblib jsonschema jupyter kaggle kagglehub keras
keras-cv keras-hub keras-nlp keras-tuner kornia langid lightgbm lime line-profiler llvmlite lxml
matplotlib mlxtend mne networkx nilearn nltk numba numexpr numpy onnx openai opencv-contrib-python
opencv-python opencv-python-headless openpyxl optax optree optuna orjson packaging pandas
papermill patsy peft pillow pip plotly polars prophet protobuf psutil pyarrow pycocotools
pycryptodome pydantic pydicom pymongo pypdf pytesseract python-dateutil pytorch-ignite
pytorch-lightning pytz pywavelets pyyaml ray regex requests rich s3fs safetensors scikit-image
scikit-learn scikit-optimize scipy seaborn sentence-transformers sentencepiece setuptools shap
shapely simpleitk six spacy sqlalchemy statsmodels sympy tensorboard tensorflow tensorflow-cpu
tensorflow-datasets tensorflow-hub tensorflow-probability tensorflow-text textblob theano
threadpoolctl tifffile tiktoken timm tokenizers torch torchaudio torchinfo torchmetrics torchtune
torchvision tpot tqdm transformers typer typing-extensions umap-learn urllib3 vtk wandb wheel
wordcloud xarray xgboost ydata-profiling
"""
IN_IMAGE = frozenset(_NAMES.split())


def in_image(requirement: str) -> bool:
    """Return whether the image is known to have the package that a requirement names."""
    try:
        return canonicalize_name(Requirement(requirement).name) in IN_IMAGE
    except InvalidRequirement:
        return False
