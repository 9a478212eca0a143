"""mien beside other systems that read facial expressions, on the same clip in the same run.

    python -m benchmarks.peers [--clip FILE]

The others have an environment of their own, made on first use. See README.md here.
"""
