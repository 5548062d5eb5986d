"""The model: vision and text make a prefix, whose keys and values an action expert reads while it denoises a chunk.

Modules are named as in the published weights, so that a state dict is the file's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from .layers import Layer, Layers, RMSNorm, Turn, added, attend
from .shapes import TextShape, TowerShape, expert_hidden
from .tower import Tower

Velocity = Callable[[Tensor], Tensor]
Guide = Callable[[Velocity, Tensor, Tensor], Tensor]
"""Given the velocity at a noisy chunk, the chunk and the time: the velocity that shall be followed."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """All that the model is built from."""

    text: TextShape
    tower: TowerShape
    layers: int
    width_multiplier: float = 0.75
    joint_every: int = 2
    state: int = 32
    action: int = 32
    chunk: int = 20
    steps: int = 10
    min_period: float = 0.004
    max_period: float = 4.0

    @property
    def expert(self) -> int:
        return int(self.text.width * self.width_multiplier)

    def joint(self, layer: int) -> bool:
        """Do the expert's tokens see each other in this layer? In the others they read the prefix alone."""
        return layer % self.joint_every == 0


@dataclass(frozen=True, slots=True)
class Prefix:
    """What the expert reads: of each layer the turned keys, and the values."""

    keys: list[Tensor]
    values: list[Tensor]
    valid: Tensor
    """[batch, tokens]."""

    @property
    def length(self) -> Tensor:
        """[batch, 1]: how many tokens are valid."""
        return self.valid.sum(1, keepdim=True)


class Connector(nn.Module):
    """From the tower's width to the text's."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.connector = nn.Sequential(nn.Linear(inputs, outputs), nn.GELU(), nn.Linear(outputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.connector(x)


class Text(nn.Module):
    """The first layers of a language model; its head is not used."""

    def __init__(self, shape: TextShape, layers: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = Layers(Layer(shape.width, shape.heads, shape.kv_heads, shape.hidden) for _ in range(layers))
        self.norm = RMSNorm(shape.width)


class Expert(nn.Module):
    """A narrower decoder with as many layers."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        text, width = sizes.text, sizes.expert
        self.layers = Layers(
            Layer(width, text.heads, text.kv_heads, expert_hidden(width), reads_others=not sizes.joint(number))
            for number in range(sizes.layers)
        )
        self.norm = RMSNorm(width)


class Backbone(nn.Module):
    """Eyes, text, and what is between them."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.vision_model = Tower(sizes.tower)
        self.connector = Connector(sizes.tower.out, sizes.text.width)
        self.text_model = Text(sizes.text, sizes.layers)


class FlowModel(nn.Module):
    """A velocity for a noisy chunk of actions, given pictures, text and state."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.attend = attend
        width, expert = sizes.text.width, sizes.expert
        self.vlm_with_expert = nn.Module()
        self.vlm_with_expert.vlm = nn.Module()
        self.vlm_with_expert.vlm.model = Backbone(sizes)
        self.vlm_with_expert.lm_expert = Expert(sizes)
        self.state_proj = nn.Linear(sizes.state, width)
        self.action_in_proj = nn.Linear(sizes.action, expert)
        self.action_out_proj = nn.Linear(expert, sizes.action)
        self.action_time_mlp_in = nn.Linear(2 * expert, expert)
        self.action_time_mlp_out = nn.Linear(expert, expert)

    @property
    def backbone(self) -> Backbone:
        return self.vlm_with_expert.vlm.model  # type: ignore[return-value]

    @property
    def expert(self) -> Expert:
        return self.vlm_with_expert.lm_expert  # type: ignore[return-value]

    @property
    def dtype(self) -> torch.dtype:
        """Of eyes and projections, which is float32 in the published forms."""
        return self.state_proj.weight.dtype

    def see(self, pixels: Tensor) -> Tensor:
        """Tokens of one camera's pictures, not yet scaled."""
        return self.backbone.connector(self.backbone.vision_model(pixels.to(self.dtype)))

    def embed(self, pictures: list[Tensor], words: Tensor, state: Tensor) -> Tensor:
        """The prefix's tokens: each camera's, the text's, the state's one. Pictures as `see` makes them."""
        scale = math.sqrt(self.sizes.text.width)
        parts = [picture * scale for picture in pictures]
        parts.append(self.backbone.text_model.embed_tokens(words) * scale)
        parts.append(self.state_proj(state.to(self.dtype))[:, None])
        dtype = torch.promote_types(parts[0].dtype, parts[-2].dtype)
        return torch.cat([part.to(dtype) for part in parts], dim=1)

    def read(self, embedded: Tensor, valid: Tensor) -> Prefix:
        """Run the text model over the prefix, up to the last keys and values that the expert reads.

        Pictures and text see each other, and not the state, which is last and sees all.
        """
        blocks = torch.zeros(embedded.shape[1], dtype=torch.long, device=embedded.device)
        blocks[-1] = 1
        mask = added((blocks[None, :] <= blocks[:, None]) & valid[:, None, :] & valid[:, :, None])
        turn = Turn(valid.cumsum(1) - 1)
        keys, values, x = [], [], embedded
        for number, layer in enumerate(self.backbone.text_model.layers):
            normed = layer.normed(x)
            key, value = layer.key_value(normed, turn)
            keys.append(key)
            values.append(value)
            if number + 1 < self.sizes.layers:
                x = layer.finish(x, self.attend(layer.query(normed, turn), key, value, mask))
        values = [
            value if self.sizes.joint(number) else layer.others_values(value)
            for number, (value, layer) in enumerate(zip(values, self.expert.layers, strict=True))
        ]
        return Prefix(keys, values, valid)

    def suffix(self, noisy: Tensor, time: Tensor) -> Tensor:
        """The expert's tokens, of a noisy chunk and its time [batch]."""
        actions = self.action_in_proj(noisy.to(self.dtype))
        moment = self.moment(time).to(actions.dtype)[:, None].expand_as(actions)
        mixed = functional.silu(self.action_time_mlp_in(torch.cat([actions, moment], dim=2)))
        return self.action_time_mlp_out(mixed)

    def moment(self, time: Tensor) -> Tensor:
        """Sines, then cosines, of periods in a geometric series; in float64."""
        half = self.sizes.expert // 2
        share = torch.linspace(0.0, 1.0, half, dtype=torch.float64, device=time.device)
        period = self.sizes.min_period * (self.sizes.max_period / self.sizes.min_period) ** share
        angle = 2 * math.pi * time.double()[:, None] / period
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    def velocity(self, prefix: Prefix, noisy: Tensor, time: Tensor) -> Tensor:
        """Where the chunk is to go, [batch, chunk, action], from noise at time 1 to actions at time 0."""
        x = self.suffix(noisy, time)
        count = x.shape[1]
        steps = torch.arange(count, device=x.device)[None]
        own, read = Turn(prefix.length + steps), Turn(steps)
        before = prefix.valid[:, None, :].expand(-1, count, -1)
        causal = (steps[0][None, :] <= steps[0][:, None]).expand(len(x), -1, -1)
        reading, joint = added(before), added(torch.cat([before, causal], dim=2))
        for number, layer in enumerate(self.expert.layers):
            normed, keys, values = layer.normed(x), prefix.keys[number], prefix.values[number]
            if self.sizes.joint(number):
                key, value = layer.key_value(normed, own)
                keys, values = torch.cat([keys, key], dim=2), torch.cat([values, value], dim=2)
                attended = self.attend(layer.query(normed, own), keys, values, joint)
            else:
                attended = self.attend(layer.query(normed, read), keys, values, reading)
            x = layer.finish(x, attended)
        return self.action_out_proj(self.expert.norm(x).to(self.dtype)).float()

    def sample(self, prefix: Prefix, noise: Tensor, guide: Guide | None = None) -> Tensor:
        """Euler steps from noise to actions; time is summed up in float32, as in the weights' training."""
        x, time, step = noise, torch.ones(len(noise), device=noise.device), 1.0 / self.sizes.steps
        for _ in range(self.sizes.steps):
            velocity = partial(self.velocity, prefix, time=time)
            x = x - step * (velocity(x) if guide is None else guide(velocity, x, time))
            time = time - step
        return x

    def losses(self, prefix: Prefix, actions: Tensor, noise: Tensor, time: Tensor) -> Tensor:
        """Squared errors, [batch, chunk, action]."""
        share = time[:, None, None]
        noisy = share * noise + (1 - share) * actions
        return (noise - actions - self.velocity(prefix, noisy, time)).square()
