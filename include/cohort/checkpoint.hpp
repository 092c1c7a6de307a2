#pragma once
// Policies and runs in files, which need cohort::file (nlohmann-json).
#include <cohort/compiler.hpp>  // first: it says where the compiler is too old
//
#include <cohort/checkpoint/folder.hpp>
#include <cohort/checkpoint/load.hpp>
#include <cohort/checkpoint/save.hpp>
