"""What goes onto a board and how it is made and proven: packing, settings, images, board check, generators."""
