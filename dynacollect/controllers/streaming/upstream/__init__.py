"""The bridge to DynamicVLA's public code: its evaluation server driven by our executor, our cell driven by its client.

Both sides of that code send pickles over two ZeroMQ sockets that the evaluation server binds: PUB, port 3186, for
what it observes, PULL, port 3188, for what the client wants. The layout is that of January 2026:

    client  {vla, epoch}                        its name: an evaluation shall begin
    server  {task}                              an episode begins, with these words
    server  {index, dt_scale, observation.state: {end_effector: {pos, quat}}, observation.images.NAME, ...}
    client  {action}                            (n, 8): x, y, z, quaternion w, x, y, z, fingers (+1 open, -1 shut)
    server  {env_name, eps_name, success, ee_path}    an episode has ended
    client  {ack}                               how many have, so far: the next one may begin
    server  {vla, success_rates}                all have; by env_name

Each array has a row for each of n scenes; only n = 1 is spoken here. `pos` (n, 3) and `quat` (n, 4) w, x, y, z are the
tool's to the arm's base; pictures are (n, height, width, 3) bytes. Where no action comes, the last one stays in force.

A pickle can name any function to be called by who reads it. Ours are read by a reader that knows nothing but plain
values and arrays of numbers, but the public code's own reader believes everything, and nobody has to show who they
are: so both sides have to be on this machine, and nobody else may use it.
"""

WARNING = (
    "the public code unpickles what it is sent, which lets a sender run anything: "
    "use this bridge only on a machine that nobody else uses"
)
