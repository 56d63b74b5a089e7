"""Random lines of export files through every path that a record can take: `make fuzz`."""
