// SPDX-License-Identifier: MIT
#include "onnx/stream_state.hpp"

#include <iterator>
#include <numeric>

namespace glowvox::onnx {

std::int64_t StreamState::Rows::rows() const {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

Value StreamState::extend(const Value& x, std::int64_t channels, std::int64_t rows) {
  if (rows == 0) return x;
  Rows& past = past_[channels];
  past.channels = channels;
  past.counts.push_back(rows);
  past.taken.push_back(builder_.name("past"));
  const Value extended = builder_.concat({past.taken.back(), x}, 2);
  past.kept.push_back(builder_.slice(extended, 2, -rows, Builder::kEnd));
  return extended;
}

Value StreamState::take(const std::string& name, std::int64_t channels) {
  pieces_.push_back({{builder_.name(name)}, {}, {1}, channels});
  return pieces_.back().taken.front();
}

void StreamState::keep(const Value& piece) { pieces_[kept_++].kept = {piece}; }

std::int64_t StreamState::finish() {
  Graph& graph = builder_.graph();
  builder_.set_scope("state");
  std::vector<Rows> all;
  for (const auto& past : past_) all.push_back(past.second);
  all.insert(all.end(), pieces_.begin(), pieces_.end());
  std::vector<std::int64_t> sizes;
  for (const Rows& rows : all) sizes.push_back(rows.channels * rows.rows());
  const std::int64_t size = std::accumulate(sizes.begin(), sizes.end(), std::int64_t{0});

  // What is taken comes before all other nodes.
  std::vector<Node> others;
  std::swap(others, graph.nodes);
  const std::vector<Value> flat = builder_.split("state", sizes);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Value together = builder_.reshape(flat[i], {0, all[i].channels, all[i].rows()});
    graph.nodes.push_back({"Split",
                           {together, builder_.ints(all[i].counts)},
                           all[i].taken,
                           {{"axis", std::int64_t{2}}}});
  }
  graph.nodes.insert(graph.nodes.end(), std::make_move_iterator(others.begin()),
                     std::make_move_iterator(others.end()));
  std::vector<Value> kept;
  for (const Rows& rows : all)
    kept.push_back(builder_.reshape(builder_.concat(rows.kept, 2), {0, -1}));
  graph.nodes.push_back({"Concat", kept, {"next_state"}, {{"axis", std::int64_t{1}}}});
  graph.inputs.push_back({"state", {"batch", size}});
  graph.outputs.push_back({"next_state", {"batch", size}});
  return size;
}

}  // namespace glowvox::onnx
