// A model's files in another format, or of another type:
//
//     cohort convert --model model.Q4_1.gguf --out DIR            as Hugging Face's transformers reads it
//     cohort convert --model DIR --out model.gguf --type q8_0     as llama.cpp reads it
#include <chrono>
#include <cohort/language/files/convert.hpp>

#include "../program/command_line.hpp"
#include "../program/memory.hpp"
#include "model_options.hpp"

namespace {

using namespace cohort;

double bytes_of(std::filesystem::path const& path) {
  if (!std::filesystem::is_directory(path)) return double(std::filesystem::file_size(path));
  double sum = 0;
  for (auto const& entry : std::filesystem::directory_iterator(path))
    if (entry.is_regular_file()) sum += double(entry.file_size());
  return sum;
}

void write(std::filesystem::path const& from, std::filesystem::path const& to, language::convert_options const& how) {
  auto const start = std::chrono::steady_clock::now();
  auto const made = language::convert(from, to, how);
  double const seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  char line[64];
  std::snprintf(line, sizeof line, ", in %.1f s\n", seconds);
  program::print(to.string() + ": " + (made.type ? std::string(facts_of(*made.type).name) : "types as they were") +
                 (made.tokenizer ? ", with the tokenizer, " : ", without a tokenizer, ") +
                 program::binary_size(bytes_of(to)) + line);
}

}  // namespace

int main(int argc, char** argv) {
  program::typed model, out, type;
  bool overwrite = false, no_tokenizer = false;
  CLI::App app{
      "Writes a language model's weights, tokenizer, chat template and ends of text as a GGUF file, or as a folder "
      "that "
      "Hugging Face's\n"
      "transformers reads, whichever it was. Nothing is there until all of it is.",
      "cohort convert"};
  program::add(app, "--model", model, "a GGUF file, or a folder with config.json and model.safetensors", "PATH")
      ->required();
  program::add(app, "--out", out, "what is written: a GGUF file where the name ends with .gguf, else a folder", "PATH")
      ->required();
  program::add(app, "--type", type,
               "of the matrices: f32, f16, bf16 or, in a GGUF file, q8_0 [as they are where all are of one of these,\n"
               "else f32]",
               "NAME");
  app.add_flag("--no-tokenizer", no_tokenizer, "leaves the tokenizer and the chat template out");
  app.add_flag("--overwrite", overwrite, "replaces the file, or the model in the folder, that is there");
  return program::run(app, argc, argv, [&] {
    language::convert_options const how{.type = program::stored_type_of("--type", type),
                                        .tokenizer = !no_tokenizer,
                                        .what = overwrite ? existing::replace : existing::refuse};
    if (how.type == stored_type::q8_0 && std::filesystem::path(*out).extension() != ".gguf")
      throw program::usage_error("--type is 'q8_0', which only GGUF files have, and --out is '" + *out +
                                 "', a folder; expected f32, f16 or bf16, or a name that ends with .gguf");
    write(*model, *out, how);
  });
}
