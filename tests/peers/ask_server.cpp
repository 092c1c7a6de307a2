// Asks a server for completions as training does, by http_sampler, and prints each one as a line of JSON: the prompt,
// its tokens, their log-probabilities (null where the server does not tell), whether it stopped. check_server.py runs
// it with llama.cpp's server.
//
//     ask_server PORT PATH STOP GROUP TOKENS DRAWS
#include <cmath>
#include <cohort/language/http/http_sampler.hpp>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

using namespace cohort;

int main(int count, char** words) try {
  if (count != 7) return 2;
  language::http_sampler const ask{.port = std::stoi(words[1]), .path = words[2], .seconds = 60};
  std::vector<std::vector<std::int32_t>> const prompts{{17, 4, 250, 33, 6}, {1}};
  generation_options const how{
      .group = std::stoi(words[4]), .max_tokens = std::stoi(words[5]), .stop = std::stoi(words[3])};
  auto const all = ask(prompts, how, std::stoull(words[6]));
  for (std::size_t n = 0; n < all.size(); ++n) {
    file::json logp = file::json::array();
    for (double x : all[n].sampler_logp) logp.push_back(std::isnan(x) ? file::json() : file::json(x));
    std::cout << file::json{{"prompt", prompts[n / std::size_t(how.group)]},
                            {"tokens", all[n].tokens},
                            {"logp", logp},
                            {"stopped", all[n].stopped}}
              << '\n';
  }
} catch (std::exception const& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
