"""Where frames come from: pictures, videos, cameras, streams and the sample."""
