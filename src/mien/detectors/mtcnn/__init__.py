"""MTCNN, with the extra `mtcnn`: the detector, its networks, and the reader of its weights."""
