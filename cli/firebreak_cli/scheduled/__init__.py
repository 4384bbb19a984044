"""The looks that the stack makes by itself, by its schedules: the function Report. It needs no screen."""
