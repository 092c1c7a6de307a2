// A reward model on a language model, from lines {"prompt": ..., "chosen": ..., "rejected": ...}:
//
//     cohort reward --model FOLDER --data pairs.jsonl --out runs/reward
#include "tune/tune.hpp"

int main(int argc, char** argv) { return tuning::tune(tuning::method::reward, argc, argv); }
