// The programs score and generate as a user meets them. Their paths come from the build, which has them only where
// their libraries were found.
#ifdef COHORT_SCORE
#include <sys/wait.h>

#include <cohort/backend/eigen.hpp>
#include <cohort/language/files/model_files.hpp>
#include <cohort/language/model/language_model.hpp>
#include <cstdio>
#include <sstream>

#include "../catch.hpp"
#include "../support/files.hpp"
#include "../support/paths.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using file::json;
using files::scratch;

namespace {

std::string const golden = paths::golden("llama/");

/// A folder that outlives runs, gone at the end of the test.
struct own_folder : files::scratch {
  own_folder() : files::scratch("cohort_programs") {}
  std::string file(std::string const& name) const { return (path / name).string(); }
  std::string model() const { return "--model '" + path.string() + "' "; }
};

using files::outcome_of_program;

/// `after` may hold redirections; `in` is what stdin holds.
outcome_of_program run(std::string const& program, std::string const& arguments, std::string const& in = "") {
  scratch const here;
  files::put(here.path / "in", in);
  std::string const command = "cd '" + here.path.string() + "' && '" + program + "' <in 2>err " + arguments;
  auto* const pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe);
  outcome_of_program found;
  char buffer[4096];
  while (auto const size = std::fread(buffer, 1, sizeof buffer, pipe)) found.out.append(buffer, size);
  found.status = WEXITSTATUS(::pclose(pipe));
  found.err = files::get(here.path / "err");
  return found;
}
outcome_of_program score(std::string const& arguments, std::string const& in) {
  return run(paths::program("cohort-score"), arguments, in);
}
outcome_of_program generate(std::string const& arguments) { return run(paths::program("cohort-generate"), arguments); }

std::vector<double> numbers(file::safetensors const& file, std::string const& name) {
  auto const& shape = file.at(name).shape;
  std::vector<double> all(detail::product(shape, 1));
  file.read<double>(name, shape, all);
  return all;
}
std::vector<std::int32_t> tokens(file::safetensors const& file, std::string const& name) {
  auto const all = numbers(file, name);
  return {all.begin(), all.end()};
}
std::string spaced(std::vector<std::int32_t> const& ids) {
  std::string text;
  for (auto id : ids) text += (text.empty() ? "" : " ") + std::to_string(id);
  return text;
}
std::string line(std::vector<std::int32_t> const& ids) { return json{{"ids", ids}, {"of", "anything"}}.dump() + "\n"; }

std::vector<std::vector<double>> logps(std::string const& out) {
  std::vector<std::vector<double>> all;
  std::istringstream lines(out);
  for (std::string text; std::getline(lines, text);)
    all.push_back(json::parse(text).at("logp").get<std::vector<double>>());
  return all;
}

/// One line on stderr, and nothing on stdout.
void check_refusal(outcome_of_program const& r, int status, std::string const& program, std::string const& what) {
  CAPTURE(r.err);
  CHECK(r.status == status);
  CHECK(r.out.empty());
  CHECK(r.err.starts_with("cohort " + program + ": "));
  CHECK(r.err.find('\n') + 1 == r.err.size());
  CHECK_THAT(r.err, ContainsSubstring(what));
}

}  // namespace

TEST_CASE("score: the log-probabilities of transformers, a line for each line", "[golden]") {
  for (std::string name : {"untied", "tied"}) {
    file::safetensors const expected(golden + name + "/expected.safetensors");
    std::string in;
    for (int k = 0; k < 4; ++k) in += line(tokens(expected, "ids." + std::to_string(k)));
    for (bool wide : {false, true}) {
      auto const r = score("--model '" + golden + name + (wide ? "' --double" : "'"), in);
      CAPTURE(name, wide, r.err);
      REQUIRE(r.status == 0);
      CHECK(r.err.empty());
      auto const found = logps(r.out);
      REQUIRE(found.size() == 4);
      for (std::size_t k = 0; k < 4; ++k) {
        auto const ids = tokens(expected, "ids." + std::to_string(k));
        auto const logits = numbers(expected, "logits." + std::to_string(k));
        std::size_t const V = logits.size() / ids.size();
        REQUIRE(found[k].size() == ids.size() - 1);
        for (std::size_t t = 1; t < ids.size(); ++t) {
          double total = 0;
          for (std::size_t v = 0; v < V; ++v) total += std::exp(logits[(t - 1) * V + v]);
          double const want = logits[(t - 1) * V + std::size_t(ids[t])] - std::log(total);
          CHECK(found[k][t - 1] == Approx(want).epsilon(0).margin(wide ? 1e-12 : 2e-5));
        }
      }
    }
  }
}

TEST_CASE("score: a series as long as the context, passed in parts, has the log-probabilities of a single pass") {
  own_folder const here;
  decoder_options const o{.vocabulary = 30,
                          .hidden = 16,
                          .intermediate = 24,
                          .layers = 2,
                          .heads = 4,
                          .kv_heads = 2,
                          .context = 1300,
                          .rope_base = 5e5};
  eigen::basic_backend<double> cpu;
  language_model model{cpu, o, random_seed{5}, {.initial_std = .4}};
  language::write_model<double>(
      here.path, o, std::span<double const>(model.parameters().data, std::size_t(model.parameters().size())));
  random_stream draws(stream_id{1, draw_purpose::user});
  std::vector<std::int32_t> ids;
  for (int i = 0; i < o.context; ++i) ids.push_back(std::int32_t(draws.integer(30)));
  token_packing<eigen::basic_backend<double>> packing;
  packing.prompt(o, std::span(ids).first(1));
  packing.completion(o, std::span(ids).subspan(1));
  packing.finish(cpu, o);
  std::vector<double> want(ids.size() - 1);
  model.evaluate(cpu, std::as_const(model).parameters(), packing, 1,
                 {{want.data(), std::ptrdiff_t(want.size())}, {}, {}});

  // A shorter one between two that are long: nothing is left of the series before.
  std::vector<std::int32_t> const some(ids.begin(), ids.begin() + 600);
  auto const r = score(here.model() + "--double", line(ids) + line(some) + line(ids));
  CAPTURE(r.err);
  REQUIRE(r.status == 0);
  auto const found = logps(r.out);
  REQUIRE(found.size() == 3);
  for (auto const& logp : found) {
    REQUIRE(logp.size() == (&logp == &found[1] ? 599 : 1299));
    double most = 0;
    for (std::size_t t = 0; t < logp.size(); ++t) most = std::max(most, std::abs(logp[t] - want[t]));
    CHECK(most < 1e-11);
  }
}

TEST_CASE("score: a line that is wrong is said by its number, after the answers to those before it") {
  std::string const model = "--model '" + golden + "tied'", good = "{\"ids\": [1, 2]}\n";
  auto refused = [&](std::string const& text, std::string const& what) {
    auto const r = score(model, good + text + "\n" + good);
    CAPTURE(text, r.err);
    CHECK(r.status == 1);
    CHECK(logps(r.out).size() == 1);
    CHECK(r.err == "cohort score: stdin, line 2: " + what + "\n");
  };
  refused("", "is not JSON, from byte 1 on");
  refused("{\"ids\": [1, 2}", "is not JSON, from byte 14 on");
  refused("[1, 2]", "is [1,2], expected a JSON object");
  refused("{\"id\": [1, 2]}", "has no ids");
  refused("{\"ids\": []}", "has ids [], expected a list of one token or more");
  refused("{\"ids\": 1}", "has ids 1, expected a list of one token or more");
  refused("{\"ids\": [1, 40]}", "ids[1] is 40, expected a token of the vocabulary's 40, counted from 0");
  refused("{\"ids\": [-1]}", "ids[0] is -1, expected a token of the vocabulary's 40, counted from 0");
  refused("{\"ids\": [1.0]}", "ids[0] is 1.0, expected a token of the vocabulary's 40, counted from 0");
  refused("{\"ids\": [4294967297]}", "ids[0] is 4294967297, expected a token of the vocabulary's 40, counted from 0");
  refused(line(std::vector<std::int32_t>(65, 1)), "has 65 ids, expected no more than the context's 64");
  CHECK(score(model, "").status == 0);
}

TEST_CASE("score: answers a line before the next one is there") {
  own_folder const here;
  auto const fifo = here.file("fifo");
  // The writer sends its second line only when it has the answer to the first.
  std::string const script = "mkfifo '" + fifo + "' && '" + paths::program("cohort-score") + "' --model '" + golden +
                             "tied' <'" + fifo + "' | { exec 3>'" + fifo +
                             "'; echo '{\"ids\": [1, 2]}' >&3; read first; echo '{\"ids\": [3]}' >&3; exec 3>&-; read "
                             "second; echo \"$first $second\"; }";
  files::put(here.file("script"), script);
  auto const r = run("/usr/bin/env", "timeout 60 sh '" + here.file("script") + "'");
  CHECK(r.status == 0);
  CHECK_THAT(r.out, ContainsSubstring("]} {\"logp\": []}"));
}

TEST_CASE("generate: the greedy continuation of transformers, and its start up to a stop token", "[golden]") {
  for (std::string name : {"untied", "tied"}) {
    file::safetensors const expected(golden + name + "/expected.safetensors");
    auto const want = tokens(expected, "continuation");
    std::string const base =
        "--model '" + golden + name + "' --ids " + spaced(tokens(expected, "prompt")) + " --tokens 20 ";
    for (std::string how : {"--greedy", "--temperature 0", "--greedy --double"}) {
      auto const r = generate(base + how + " --stop ''");
      CAPTURE(name, how, r.err);
      CHECK(r.status == 0);
      CHECK(r.out == spaced(want) + "\n");
    }
    std::int32_t const last = want[7];
    std::vector<std::int32_t> const start(want.begin(), std::find(want.begin(), want.end(), last) + 1);
    std::int32_t absent = 0;
    while (std::find(want.begin(), want.end(), absent) != want.end()) ++absent;
    CHECK(generate(base + "--greedy --stop " + std::to_string(last)).out == spaced(start) + "\n");
    auto const several = json::parse(
        generate(base + "--greedy --json --stop '" + std::to_string(absent) + " " + std::to_string(last) + "'").out);
    CHECK(several.at("ids").get<std::vector<std::int32_t>>() == start);
    CHECK(several.at("logp").size() == start.size());
    CHECK(several.at("stopped") == true);
  }
}

TEST_CASE("generate: config.json's eos_token_id ends a continuation") {
  own_folder const here;
  std::filesystem::copy(golden + "tied", here.path);
  file::safetensors const expected(golden + "tied/expected.safetensors");
  auto const want = tokens(expected, "continuation");
  json config = json::parse(files::get(here.file("config.json")));
  config["eos_token_id"] = want[0];
  files::put(here.file("config.json"), config.dump());
  auto const r = generate(here.model() + "--tokens 20 --greedy --ids '" + spaced(tokens(expected, "prompt")) + "'");
  CHECK(r.out == std::to_string(want[0]) + "\n");
}

TEST_CASE("generate: the log-probabilities that it prints are those that score finds") {
  std::string const model = "--model '" + golden + "untied' ";
  auto const r = generate(model + "--ids '3 1 4' --tokens 30 --samples 3 --seed 9 --top-k 20 --stop '' --json");
  CAPTURE(r.err);
  REQUIRE(r.status == 0);
  std::istringstream lines(r.out);
  std::set<std::vector<std::int32_t>> different;
  for (std::string text; std::getline(lines, text);) {
    auto const ids = json::parse(text).at("ids").get<std::vector<std::int32_t>>();
    auto const logp = json::parse(text).at("logp").get<std::vector<double>>();
    different.insert(ids);
    std::vector<std::int32_t> all{3, 1, 4};
    all.insert(all.end(), ids.begin(), ids.end());
    auto const scored = logps(score(model, line(all)).out).at(0);
    REQUIRE(ids.size() == 30);
    for (std::size_t t = 0; t < 30; ++t) CHECK(logp.at(t) == Approx(scored.at(t + 2)).epsilon(0).margin(2e-5));
  }
  CHECK(different.size() == 3);
}

TEST_CASE("generate: a seed gives the same tokens again, on any number of threads, and another seed others") {
  std::string const base = "--model '" + golden + "untied' --ids '3 1 4' --tokens 30 --stop '' ";
  auto const first = generate(base + "--seed 1").out;
  CHECK(first.size() > 60);
  CHECK(generate(base + "--seed 1 --threads 3").out == first);
  CHECK(generate(base + "--seed 2").out != first);
}

TEST_CASE(
    "generate: --typical-p 1e-9 leaves one token, whatever the seed; a repetition penalty leaves fewer tokens that "
    "come again") {
  std::string const base = "--model '" + golden + "untied' --ids '3 1 4' --tokens 30 --stop '' ";
  auto const one = generate(base + "--typical-p 1e-9 --seed 1");
  CAPTURE(one.err);
  CHECK(one.status == 0);
  CHECK(one.out == generate(base + "--typical-p 1e-9 --seed 2").out);
  auto different = [](outcome_of_program const& r) {
    std::istringstream words(r.out);
    return std::set<std::string>(std::istream_iterator<std::string>(words), {}).size();
  };
  CHECK(different(generate(base + "--greedy --repetition-penalty 100")) > different(generate(base + "--greedy")));
}

TEST_CASE("score, generate: wrong arguments are exit status 2") {
  std::string const model = "--model '" + golden + "tied' ", ids = model + "--ids '1 2' ";
  check_refusal(score("", ""), 2, "score", "--model is required");
  check_refusal(score(model + "--threads 0", ""), 2, "score",
                "--threads is '0', expected a whole number from 1 to 1024");
  check_refusal(score(model + "stray", ""), 2, "score", "stray");
  check_refusal(generate("--ids 1"), 2, "generate", "--model is required");
  check_refusal(generate(model), 2, "generate", "--ids, --prompt or --lines is required");
  check_refusal(generate(model + "--ids ''"), 2, "generate", "--ids is empty, expected one token or more");
  check_refusal(generate(model + "--ids '1 x'"), 2, "generate",
                "--ids: 'x' is no token; expected whole numbers, with spaces between them");
  check_refusal(generate(model + "--ids '1 40'"), 2, "generate",
                "--ids: 40 is no token of the vocabulary's 40, counted from 0");
  check_refusal(generate(ids + "--stop x"), 2, "generate", "--stop: 'x' is no token");
  check_refusal(generate(ids + "--tokens 63"), 2, "generate",
                "--ids has 2 tokens and --tokens is 63, expected no more than the context's 64 together");
  check_refusal(generate(ids + "--greedy --temperature 1"), 2, "generate", "--greedy excludes --temperature");
  // In 3 tokens, of which 2 are kept, a float for each of 64 keys and values of 2 layers; and 32 of the last layer.
  check_refusal(generate(ids + "--tokens 3 --samples 2147483647"), 2, "generate",
                "--samples is '2147483647', expected a whole number from 1 to ");
  for (std::string wrong : {"--tokens 0",
                            "--tokens 1.5",
                            "--tokens x",
                            "--tokens 99999999999",
                            "--tokens 3 --tokens 4",
                            "--temperature -1",
                            "--temperature nan",
                            "--temperature x",
                            "--top-k 0",
                            "--top-p 0",
                            "--top-p 1.1",
                            "--min-p -1",
                            "--min-p 2",
                            "--temperature 1e-7",
                            "--typical-p 0",
                            "--typical-p 1.5",
                            "--repetition-penalty 0",
                            "--repetition-penalty x",
                            "--seed -1",
                            "--samples 0",
                            "--threads 1025",
                            "--threads 0",
                            "--nonsense"}) {
    CAPTURE(wrong);
    check_refusal(generate(ids + wrong), 2, "generate", wrong.substr(0, wrong.find(' ')));
  }
}

TEST_CASE("score, generate: a model that can't be read is exit status 1, with the file and what is wrong in it") {
  check_refusal(score("--model nowhere", ""), 1, "score", "nowhere cannot be opened: No such file or directory");
  check_refusal(generate("--model nowhere --ids 1"), 1, "generate",
                "nowhere cannot be opened: No such file or directory");
  own_folder const here;
  std::filesystem::copy(golden + "tied", here.path);
  json config = json::parse(files::get(here.file("config.json")));
  config["hidden_size"] = 64;
  files::put(here.file("config.json"), config.dump());
  std::string const wrong =
      here.file("model.safetensors") + ": tensor \"model.embed_tokens.weight\" has the shape [40,32], expected [40,64]";
  check_refusal(score(here.model(), ""), 1, "score", wrong);
  check_refusal(generate(here.model() + "--ids 1 --tokens 2"), 1, "generate", wrong);
  config["attention_bias"] = 1;
  files::put(here.file("config.json"), config.dump());
  check_refusal(score(here.model(), ""), 1, "score", "config.json: has attention_bias 1, expected true or false");
}

TEST_CASE("score, generate: help exits with 0, and a stdout that is full with 1") {
  auto const help = generate("--help");
  CHECK(help.status == 0);
  CHECK_THAT(help.out,
             ContainsSubstring("--top-p") && ContainsSubstring("--stop") && ContainsSubstring("Exit status: 0 done"));
  CHECK_THAT(score("--help", "").out, ContainsSubstring("{\"logp\": [...]}"));
  if (!std::filesystem::exists("/dev/full")) return;
  std::string const model = "--model '" + golden + "tied' ";
  check_refusal(score(model + ">/dev/full", "{\"ids\": [1]}\n"), 1, "score", "can't write to stdout");
  check_refusal(generate(model + "--ids 1 --tokens 3 >/dev/full"), 1, "generate", "can't write to stdout");
}
#endif
