// Reward models: transformers' scores, those of training, and what they say as rewards.
#include <cohort/language.hpp>
#include <cohort/language/data/score_whole.hpp>
#include <cohort/language/reward/model_reward.hpp>

#include "../catch.hpp"
#include "../support/talking_model.hpp"

using namespace cohort;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using file::json;

namespace {

/// What transformers says of some series (tests/golden/reward_model.py).
struct scored_by_transformers {
  std::string const folder = paths::golden("reward_model");
  std::vector<std::vector<std::int32_t>> ids;
  std::vector<double> scores;
  scored_by_transformers() {
    file::safetensors const all(folder + "/expected.safetensors");
    for (int n = 0; all.tensors().contains("ids." + std::to_string(n)); ++n) {
      auto const of = std::to_string(n);
      std::vector<double> read(all.at("ids." + of).shape[0]), score(1);
      all.read<double>("ids." + of, {read.size()}, read), all.read<double>("score." + of, {}, score);
      ids.emplace_back(read.begin(), read.end()), scores.push_back(score[0]);
    }
    REQUIRE(ids.size() == 4);
  }
};

language::data_row asked(char const* prompt, char const* chosen, char const* rejected) {
  return {prompt, {}, json{{"prompt", prompt}, {"chosen", chosen}, {"rejected", rejected}}, "pairs.jsonl, line 1"};
}

struct training_of_a_score : support::talking_model {
  language::model_text text = language::read_text(folder);
  std::optional<std::int32_t> padding;
  language_model_with_value<eigen::backend> model{
      cpu, language::read_reward_config(folder), random_seed{}, {.initial_std = 0, .value_bias = false}};
  language::data_task task{rows(), text, {}};
  std::string const written = (here.path / "judge").string();

  training_of_a_score() { language::read_reward_parameters<float>(folder, model.options(), decoder(), score()); }
  std::span<float> decoder() {
    return {model.parameters().data, std::size_t(model.parameters().size() - model.options().hidden)};
  }
  std::span<float> score() {
    auto const part = model.critic_part(model.parameters());
    return {part.data, std::size_t(part.size())};
  }
  std::vector<language::encoded_row> rows() {
    std::vector<std::string> const given = {"chosen", "rejected"};
    std::vector<language::data_row> all;
    for (char const* prompt : {"a b", "c d", "Hi", "1 + 1"}) all.push_back(asked(prompt, "yes", "no no"));
    auto encoded = language::encode_rows(all, language::row_encoder(text, {}), given, 0, 100);
    language::score_whole(encoded, padding = language::read_padding(folder));
    return encoded;
  }
  double value(std::vector<std::int32_t> const& prompt, std::vector<std::int32_t> const& completion) {
    token_packing<eigen::backend> packing;
    packing.prompt(model.options(), prompt), packing.completion(model.options(), completion);
    packing.finish(cpu, model.options());
    std::vector<float> logp(completion.size()), values(completion.size());
    auto const n = std::ptrdiff_t(values.size());
    model.evaluate(cpu, std::as_const(model).parameters(), packing, 1, {{logp.data(), n}, {}, {values.data(), n}});
    return values.back();
  }
  void write() { language::write_reward_model_like<float>(folder, written, decoder(), score(), {}, existing::replace); }
};

auto const by_pairs = algorithm{.rollout = preferences{4},
                                .advantage = no_advantage{},
                                .objective = bradley_terry{.center = .01},
                                .aggregation = step_mean{},
                                .update = update{.epochs = 1,
                                                 .minibatches = 1,
                                                 .normalize = normalization::none,
                                                 .optimizer = adam{.rate = 1e-2},
                                                 .max_gradient_norm = 1}};

}  // namespace

TEST_CASE("reward_model: the scores are transformers', whole or behind a shared prompt, in one pass or in several") {
  scored_by_transformers const expected;
  eigen::basic_backend<double> exact;
  eigen::backend cpu;
  CHECK(language::read_padding(expected.folder) == 3);
  for (std::ptrdiff_t rows : {1, 1024}) {
    auto model = language::load_reward_model(exact, expected.folder, {.type = stored_type::f32}, rows);
    auto single = language::load_reward_model(cpu, expected.folder, {}, rows);
    std::vector<scored_series> series;
    for (auto const& ids : expected.ids) series.push_back({ids, {}});
    for (auto const& ids : {expected.ids[2], expected.ids[2]})  // the second shares the prompt
      series.push_back({{ids.begin(), ids.begin() + 5}, {ids.begin() + 5, ids.end()}});
    series.push_back({series.back().prompt, {}});
    auto const found = model.scores(exact, series), rounded = single.scores(cpu, series);
    REQUIRE(found.size() == series.size());
    for (std::size_t i = 0; i < 6; ++i) {
      double const theirs = expected.scores[std::min<std::size_t>(i < 4 ? i : 2, 3)];
      CHECK(found[i] == Approx(theirs).margin(1e-5));
      CHECK(rounded[i] == Approx(theirs).margin(1e-5));
    }
    CHECK(std::abs(found[6] - found[5]) > 1e-3);
  }
}

TEST_CASE("reward_model: a series of the whole context is scored, a longer one and an empty one are refused") {
  scored_by_transformers const expected;
  eigen::backend cpu;
  auto model = language::load_reward_model(cpu, expected.folder);
  std::vector<std::int32_t> const full(32, 5), more(33, 5), half(16, 5);
  std::vector<scored_series> const whole{{full, {}}, {half, half}};
  auto const found = model.scores(cpu, whole);
  CHECK(found[0] == Approx(found[1]).margin(1e-5));
  CHECK_THROWS_WITH(model.scores(cpu, std::vector<scored_series>{{more, {}}}), ContainsSubstring("context's 32"));
  CHECK_THROWS_AS(model.scores(cpu, std::vector<scored_series>{{{}, {}}}), value_error);
}

TEST_CASE("reward_model: Bradley-Terry teaches a preference; the written folder scores as training's forward pass") {
  training_of_a_score t;
  CHECK(t.value(t.task.rows()[0].prompt, t.task.rows()[0].given[0]) == 0);  // where the score starts
  auto const report = train(t.cpu, by_pairs, t.task, t.model, {.updates = 30, .seed = 1});
  CHECK(report.metrics.loss < .2);  // log 2 at the start
  t.write();
  auto judge = language::load_reward_model(t.cpu, t.written);
  CHECK_FALSE(language::read_reward_config(t.written).layers == 0);
  for (auto const& row : t.task.rows()) {
    std::vector<double> values;
    for (auto const& tokens : row.given) {
      values.push_back(t.value(row.prompt, tokens));
      std::vector<scored_series> const one{{row.prompt, {tokens.begin(), tokens.end() - 1}}};
      CHECK(judge.scores(t.cpu, one)[0] == Approx(values.back()).margin(1e-5));
    }
    CHECK(values[0] > values[1] + 2);
    CHECK(std::abs(values[0] + values[1]) < 2);  // the center
  }
  // A reward model goes on from its own score.
  std::vector<float> again(t.decoder().size()), score(t.score().size());
  CHECK(language::read_reward_parameters<float>(t.written, t.model.options(), again, score));
  CHECK(std::ranges::equal(score, t.score()));
}

TEST_CASE("reward_model: the gradient of Bradley-Terry through decoder and score is that of finite differences") {
  using exact = eigen::basic_backend<double>;
  exact cpu;
  decoder_options const shape{
      .vocabulary = 9, .hidden = 8, .intermediate = 12, .layers = 1, .heads = 2, .context = 12, .tied = true};
  language_model_with_value<exact> model{cpu, shape, random_seed{3}, {.initial_std = .4, .value_bias = false}};
  std::ptrdiff_t const all = model.parameters().size(), first = all - shape.hidden;
  CHECK(first == lay_out(shape).parameters());
  for (std::ptrdiff_t i = first; i < all; ++i) model.parameters().data[i] = .1 * double(i - first) - .3;
  std::vector<std::int32_t> const prompt{1, 2}, chosen{3, 4, 8}, rejected{5, 8};
  token_packing<exact> packing;
  packing.prompt(shape, prompt), packing.completion(shape, chosen), packing.completion(shape, rejected);
  packing.finish(cpu, shape);
  std::vector<double> logp(5), value(5), none(5, 0), slopes(5, 0);
  auto const loss = [&] {
    model.evaluate(cpu, std::as_const(model).parameters(), packing, 1, {{logp.data(), 5}, {}, {value.data(), 5}});
    double const sum = value[2] + value[4];
    return std::log1p(std::exp(value[4] - value[2])) + .1 * sum * sum;
  };
  loss();
  double const wrong = 1 / (1 + std::exp(value[2] - value[4])), centering = .2 * (value[2] + value[4]);
  slopes[2] = centering - wrong, slopes[4] = centering + wrong;
  model.zero_gradient(cpu);
  model.accumulate_gradient(cpu, packing, 1, [&](std::ptrdiff_t begin, auto const& found) {
    auto const n = found.logp.rows;
    return head_results<double const>{{none.data(), n}, {none.data(), n}, {slopes.data() + begin, n}};
  });
  std::vector<double> const gradient(model.gradient().data, model.gradient().data + all);
  for (std::ptrdiff_t i = 0; i < all; i += i < first ? 7 : 1) {
    double& x = model.parameters().data[i];
    double const before = x, step = 1e-5;
    x = before + step;
    double const above = loss();
    x = before - step;
    double const below = loss();
    x = before;
    CHECK(gradient[std::size_t(i)] == Approx((above - below) / (2 * step)).margin(1e-8).epsilon(1e-7));
  }
}

TEST_CASE("model_reward: a completion's own tokens, or its text in the reward model's; padding is not read") {
  training_of_a_score t;
  train(t.cpu, by_pairs, t.task, t.model, {.updates = 5, .seed = 1});
  t.write();
  auto const row = asked("a b", "yes", "no no");
  auto const stop = t.text.stop[0];
  auto tokens = t.text.words.encode("yes");
  tokens.push_back(stop);
  std::vector<std::int32_t> const strange{9'000, 9'001};  // of another vocabulary
  completion<language::data_row> const own{"a b", "yes", tokens, false, row}, other{"a b", "yes", strange, false, row},
      cut{"a b", "yes", std::span(tokens).first(tokens.size() - 1), true, row};
  std::vector<completion<language::data_row>> const all{own, other, cut};
  language::model_reward const judge(t.cpu, t.written);
  auto const values = judge.batch(std::span(all));
  CHECK(*values[0] == Approx(t.value(t.task.rows()[0].prompt, t.task.rows()[0].given[0])).margin(1e-5));
  CHECK(*values[1] == *values[0]);
  CHECK(std::abs(*values[2] - *values[0]) > 1e-4);
  CHECK(*judge(own) == Approx(*values[0]).margin(1e-6));

  auto config = json::parse(files::get(t.written + "/config.json"));
  config["pad_token_id"] = stop;  // as in files whose padding is the token that ends a text
  files::put(t.written + "/config.json", config.dump());
  language::model_reward const padded(t.cpu, t.written);
  CHECK(*padded(own) == Approx(*values[2]).margin(1e-6));

  any_reward<language::data_row> const any = judge;
  CHECK(*any(own) == *judge(own));
  std::string const long_text(400, 'x');
  CHECK_THROWS_WITH(any({"a b", long_text, strange, true, row}),
                    ContainsSubstring("expected no more than the reward model's context of 120"));
}

TEST_CASE("reward_model: folders that are none are refused by name") {
  training_of_a_score t;
  CHECK_THROWS_WITH(language::load_reward_model(t.cpu, t.folder),
                    EndsWith("model.safetensors: has no tensor \"score.weight\", as a reward model's has; cohort "
                             "reward trains one"));
  CHECK_THROWS_WITH(language::load_reward_model(t.cpu, t.here.path / "none"), ContainsSubstring("is no folder"));
  t.write();
  CHECK_THROWS_WITH(language::load(t.cpu, t.written), ContainsSubstring("score.weight"));
  std::vector<float> const two(64, 1);
  detail::write_like<float>(t.folder, t.written, t.model.options(), detail::reward_naming(t.folder, t.model.options()),
                            t.decoder(), {}, existing::replace, {{"score.weight", {2, 32}, two}});
  CHECK_THROWS_WITH(language::load_reward_model(t.cpu, t.written),
                    ContainsSubstring("\"score.weight\" has 2 labels, expected 1"));
  CHECK_THROWS_AS(language::write_reward_model_like<float>(t.folder, t.written, t.decoder(), two), shape_error);
}
