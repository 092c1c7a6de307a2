#pragma once
// cpp-httplib, without the macro _res of resolv.h, which Eigen has parameters of the name of.
#include <httplib.h>
#undef _res
