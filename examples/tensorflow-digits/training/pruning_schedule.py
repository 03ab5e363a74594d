"""When and how much to prune while a model trains, whatever it trains with.

The schedule is that of Zhu and Gupta, "To prune, or not to prune" (2017), with the names and the meaning that the TensorFlow
Model Optimization Toolkit gives its parts (`PolynomialDecay`).
"""


class PolynomialDecay:
    """The share of weights that is zero at a step: from the initial to the final one, fast at first, then slower."""

    def __init__(self, initial_sparsity, final_sparsity, begin_step, end_step, power=3, frequency=100):
        if not 0 <= initial_sparsity <= final_sparsity < 1:
            raise ValueError(
                f"sparsities must be shares with 0 <= initial <= final < 1, received: {initial_sparsity}, {final_sparsity}"
            )
        if not 0 <= begin_step < end_step:
            raise ValueError(f"steps must be 0 <= begin < end, received: {begin_step}, {end_step}")
        if frequency < 1:
            raise ValueError(f"the frequency must be 1 step or more, received: {frequency}")
        self.initial_sparsity, self.final_sparsity = initial_sparsity, final_sparsity
        self.begin_step, self.end_step = begin_step, end_step
        self.power, self.frequency = power, frequency

    def sparsity(self, step):
        """s_f + (s_i - s_f) (1 - (t - t0) / (t1 - t0))^power"""
        passed = min(1.0, max(0.0, (step - self.begin_step) / (self.end_step - self.begin_step)))
        return self.final_sparsity + (self.initial_sparsity - self.final_sparsity) * (1 - passed) ** self.power

    def is_due(self, step):
        """Whether masks are made anew at this step; between such steps the model learns to do without."""
        return self.begin_step <= step <= self.end_step and (step - self.begin_step) % self.frequency == 0

    def kept(self, count, step):
        """How many of so many weights stay at this step; one at least."""
        return max(round(count * (1 - self.sparsity(step))), 1)


def add_arguments(parser, begin=1 / 2, end=7 / 8):
    """The schedule's options, by the toolkit's names; begin and end are shares of all steps."""
    parser.add_argument("--initial-sparsity", type=float, default=0, help="share of zeros at the first pruning step")
    parser.add_argument("--final-sparsity", type=float, default=0, help="share of zeros at the end; 0: no pruning")
    parser.add_argument("--begin-step", type=int, help=f"first pruning step (default: {begin:g} of all steps)")
    parser.add_argument("--end-step", type=int, help=f"last pruning step (default: {end:g} of all steps)")
    parser.add_argument("--frequency", type=int, default=10, help="steps from one pruning to the next")
    parser.set_defaults(begin_share=begin, end_share=end)


def schedule_of(options, steps):
    """The schedule that parsed options ask for in a training of so many steps; None where nothing is pruned."""
    if options.final_sparsity == 0:
        return None
    begin = int(steps * options.begin_share) if options.begin_step is None else options.begin_step
    end = int(steps * options.end_share) if options.end_step is None else options.end_step
    if end > steps:
        raise ValueError(f"--end-step must be at most {steps}, the number of training steps, received: {end}")
    return PolynomialDecay(options.initial_sparsity, options.final_sparsity, begin, end, frequency=options.frequency)
