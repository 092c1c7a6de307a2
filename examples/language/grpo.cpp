// GRPO on a language model:
//
//     cohort grpo --model FOLDER --data train.jsonl --reward format,accuracy --out runs/first
//     cohort grpo --model model.gguf --data train.jsonl --reward characters:target=20 --chat --out short --updates 60
//     cohort grpo --resume --out runs/first --updates 400
//
// Its parts, which `cohort sft` and `cohort dpo` have in common with it, are in tune/.
#include "tune/tune.hpp"

int main(int argc, char** argv) { return tuning::tune(tuning::method::grpo, argc, argv); }
