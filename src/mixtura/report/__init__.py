"""Results that people can send to each other: self-contained HTML."""
