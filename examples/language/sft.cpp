// Supervised fine-tuning of a language model on lines {"prompt": ..., "completion": ...}:
//
//     cohort sft --model FOLDER --data train.jsonl --out runs/sft --updates 200 --prompts 16
#include "tune/tune.hpp"

int main(int argc, char** argv) { return tuning::tune(tuning::method::sft, argc, argv); }
