"""What SoundWave is packed as for home servers: ``make packages`` (README.md)."""
