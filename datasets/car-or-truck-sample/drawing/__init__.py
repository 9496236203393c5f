"""Drawing of cars and trucks: solids, vehicles made of them, scenes, and a camera."""
