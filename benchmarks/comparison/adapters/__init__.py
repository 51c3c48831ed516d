"""One module for each product, imported in that product's own environment: nothing here may import a neighbour's."""
