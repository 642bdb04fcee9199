"""Lines to meters: serial ports, serial servers and meters on TCP."""
