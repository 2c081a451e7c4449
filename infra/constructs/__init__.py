"""One construct per capability; what may touch what is granted beside the use."""
