"""Lab Streaming Layer: readings go out as streams, markers of other programs come in."""
