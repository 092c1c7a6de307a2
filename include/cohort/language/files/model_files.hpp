#pragma once
// A folder with a model as Hugging Face's transformers reads and writes it: config.json and model.safetensors.
#include <cohort/language/files/write_model.hpp>
