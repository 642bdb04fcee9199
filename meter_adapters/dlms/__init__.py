"""DLMS/COSEM: meters read and telegrams received over HDLC, the TCP wrapper and M-Bus, ciphered or clear."""
