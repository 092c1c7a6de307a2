// DPO on a language model, from lines {"prompt": ..., "chosen": ..., "rejected": ...}:
//
//     cohort dpo --model FOLDER --data pairs.jsonl --out runs/dpo --beta 0.1
#include "tune/tune.hpp"

int main(int argc, char** argv) { return tuning::tune(tuning::method::dpo, argc, argv); }
