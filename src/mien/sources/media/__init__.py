"""What video files and streams share."""
