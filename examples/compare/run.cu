// The training on a GPU.
#include "run.cpp"
