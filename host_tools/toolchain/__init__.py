"""Makes and checks what goes onto a board: packing, settings, images, board check, generators."""
