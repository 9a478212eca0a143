"""Where readings go: one small writer for each format."""

from mien.sinks.images import PictureSink
from mien.sinks.parquet import ParquetSink
from mien.sinks.tables import CsvSink, JsonlSink
from mien.sinks.video import VideoSink
from mien.sinks.xlsx import XlsxSink

__all__ = ["CsvSink", "JsonlSink", "ParquetSink", "PictureSink", "VideoSink", "XlsxSink"]
