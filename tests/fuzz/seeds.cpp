// Writes what the targets begin with: seeds FOLDER makes FOLDER/<target>/<file>.
#include <cohort/backend/eigen.hpp>
#include <cohort/checkpoint.hpp>
#include <cohort/cohort.hpp>
#include <cohort/deploy/export_onnx.hpp>
#include <cohort/file/protobuf.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/files/write_gguf.hpp>

#include <random>

#include "../support/files.hpp"
#include "../support/small_tokenizers.hpp"
#include "short_ppo.hpp"

using namespace cohort;

namespace {

void put(std::filesystem::path const& file, std::string const& text) {
  std::filesystem::create_directories(file.parent_path());
  files::put(file, text);
}
std::string text_of(std::vector<std::byte> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}
/// As fuzz::input reads a text: its length in two bytes, and it.
std::string counted(std::string const& text) {
  return std::string{char(text.size() & 255), char(text.size() >> 8)} + text;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  std::filesystem::path const to = words[1];
  eigen::backend cpu({.threads = 1});
  actor_critic policy{cpu, classic_control::cart_pole{}, {.hidden = {4}}, random_seed{1}};
  training run{cpu, fuzz::short_ppo, classic_control::cart_pole{}, policy, {.steps = 1'000, .seed = 2}};
  run.step();
  put(to / "state" / "policy", text_of(saved_bytes(cpu, policy)));
  put(to / "state" / "run", text_of(saved_bytes(cpu, run)));
  put(to / "safetensors" / "policy", text_of(saved_bytes(cpu, policy)));

  put(to / "config" / "run", "steps = 1_000\n[policy]\nhidden = [64, 64]\n[objective]\n\"kl.weight\" = 1e-3\n");

  actor pendulum{cpu, classic_control::pendulum{}, {.hidden = {4}}, random_seed{1}};
  std::filesystem::create_directories(to / "onnx");
  export_onnx(cpu, pendulum, to / "onnx" / "pendulum");

  decoder_options const tiny{
      .vocabulary = 2, .hidden = 2, .intermediate = 2, .layers = 1, .heads = 1, .context = 4, .tied = true};
  std::vector<float> const weights(std::size_t(tiny.parameters()), 1);
  files::scratch const here("cohort_fuzz_seeds");
  language::write_model<float>(here.path, tiny, weights);
  put(to / "model" / "tiny",
      counted(files::get(here.path / "config.json")) + files::get(here.path / "model.safetensors"));

  file::new_gguf_values values;
  values.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  values.set("tokenizer.ggml.add_bos_token", true).set("tokenizer.ggml.merges", std::vector<std::string>{});
  auto rotary = tiny;
  rotary.head_size = 4, rotary.scaling = {.how = rotary_scaling::kind::llama3, .factor = 8, .original_context = 32};
  std::vector<float> const more(std::size_t(rotary.parameters()), 1);
  std::filesystem::create_directories(to / "gguf");
  language::write_gguf<float>(to / "gguf" / "tiny", rotary, more, {.stop_tokens = {0, 1}, .values = values});

  put(to / "texts" / "format", std::string("\0\x09\x06", 3) + "reasoninganswer\nx = 1,234.50e-3\n");
  put(to / "texts" / "characters", std::string("\x0d\x01\x02", 3) + "abc\xc3\xa9 12 \xe2\x82\xac");
  for (auto const& [name, text] : {std::pair{"bpe", support::small_bpe}, std::pair{"unigram", support::small_unigram}})
    put(to / "tokenizer" / name, counted(text) + "<s> aaaa b ba \xc3\xa9 \xff");
  for (int model : {1, 2}) {
    file::protobuf_message pieces;
    int kind = 2;
    for (char const* text : {"<unk>", "<s>", "</s>", "\xe2\x96\x81", "a", "b", "aa",
                             "\xe2\x96\x81"
                             "a",
                             "<0x41>"}) {
      pieces.message(
          1, file::protobuf_message{}.text(1, text).number(2, -.5f * float(kind)).integer(3, kind > 5 ? 1 : kind));
      ++kind;
    }
    pieces.message(2, file::protobuf_message{}.integer(3, model)).message(3, file::protobuf_message{}.integer(3, 1));
    put(to / "sentencepiece" / std::to_string(model), counted(pieces.bytes()) + "aaa b \xc3\xa9");
  }
  std::mt19937 random(1);
  for (char const* target : {"advantages", "probes", "objectives"})
    for (int n = 0; n < 20; ++n) {
      std::string bytes;
      for (int i = 0; i < 600; ++i) bytes += char(random());
      put(to / target / std::to_string(n), bytes);
    }
  return 0;
}
