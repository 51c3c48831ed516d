"""What differs between database systems: one module each, behind the interfaces in `base`."""
