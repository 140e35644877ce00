"""What the end-to-end scripts share: programs to start, the manifest as the program tells it, ways to connect, the verdict."""
