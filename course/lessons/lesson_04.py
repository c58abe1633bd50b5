import marimo

app = marimo.App(width="medium", app_title="4. Theorem 1 proved")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(4)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## What is claimed

        Stochastic gradient descent takes $T$ steps on a function $F$ of many variables. Step $k$ uses a gradient that
        was computed at an older point $x_{\tau_k}$ and carries noise $e_k$. Some signs, before they are used: $\nabla
        F(x)$ is the gradient, the vector of partial derivatives; $\langle u, v \rangle$ is the inner product, the sum
        of the products of entries, and $|v|^2 = \langle v, v \rangle$; $\mathbb{E}$ is the expectation over the noise;
        $\inf F$ is the largest number that $F$ never falls below. In the words of the library, which prints what you
        read here:
        <<notation>>. So in its lines the sign $\mathbb{E}$ is left out, and we write it where it matters.

        Five things are assumed.

        1. **Smoothness.** Gradients at two points differ by at most $L$ times the distance.
        2. **A floor.** $F$ is bounded below, and $\Delta$ is at least its height above the floor at the start.
        3. **Noise** has mean zero given everything before it, and variance at most $\sigma^2$ (lesson 3).
        4. **Coherence.** On average the gradient that is read and the gradient that should have been used point the
           same way, up to the factor $\mu$. This is the strong one. It says that staleness does little harm *before*
           anything is proved, and lesson 5 shows how it breaks.
        5. **Independence.** Steps and delays do not look at the noise (lesson 3): a gradient that comes late *because*
           of what it says is not covered.

        Then, for steps that do not increase and delays of at most $s - 1$ (the **staleness** $s$ is 1 where nothing is
        late),

        $$<<left>> \le <<bound_bare>> ,$$

        as long as <<conditions>>. Here $w_t = \mu \eta_t - \frac{s L}{2} \eta_t^2$ is what point $x_t$ earns in the
        proof below, less what it pays: the condition asks for steps that are not too long. Read the theorem from the
        end. The denominator grows with the sum of the steps: long runs help. The numerator has the start, $\Delta$, and
        the noise that every step lets in. Staleness stands in one place, the factor $s$ in the denominator: it eats up
        what the steps earn, and forces them to be small.
        """,
        notation=lesson.facts["notation"],
        left=lesson.facts["left"],
        bound_bare=lesson.facts["right"],
        conditions=lesson.facts["conditions"],
    )
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## The proof, step by step

        The steps below are not typed: they are the steps of the proof that the library replays, and each formula is
        what a small program, the **kernel**, has accepted. We comment on them.

        ### One step

        <<descent>>

        A smooth function lies below a parabola,
        $$F(y) \le F(x) + \langle \nabla F(x), y - x\rangle + \frac L2 |y - x|^2 :$$
        walk from $x$ to $y$; at the share $r$ of the way the slope differs from that at $x$ by at most $L\,r\,|y -
        x|$, and the integral of $r$ from 0 to 1 is $\frac12$. Put in $y - x = -\eta_k (g_{\tau_k} + e_k)$, take
        expectations, and the noise drops out of everything in which it stands once. It stays where it is squared, and
        that is the $\sigma^2$.

        Where does the inner product come from? If the gradient were fresh, it would be $|g_k|^2$, and each step would
        earn what its gradient is worth. A stale gradient earns only as much as it *agrees* with the fresh one.

        ### Coherence

        <<coherent>>

        Here the strong assumption is spent, and nowhere else.

        ### Sum

        <<summed>>

        The left sides telescope: $f_0 - f_1 + f_1 - f_2 + \dots$ is $f_0 - f_T$, at most $\Delta$. On the right, a
        point earns $\mu \eta_k$ once, when step $k$ leaves it, and pays $\frac L2 \eta_j^2$ for *every* step $j$ that
        reads it. A point that is read often pays often.
        """,
        descent=lesson.facts["descent"],
        coherent=lesson.facts["coherent"],
        summed=lesson.facts["summed"],
    )
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ### How often is a point read?

        <<falling>>

        <<served>>

        With delays below $s$, point $t$ can be read by the steps $t, t+1, \dots, t+s-1$ and by no others. None of them
        is larger than step $t$, since steps do not increase. So at most $s$ readers, each of at most $\eta_t^2$.

        ### Put together

        <<factor_s>>

        <<theorem>>

        If no weight $w_t$ is negative, each $|g_t|^2$ on the right may be replaced by the smallest of them, called $m$.
        Divide by the sum of the weights, and that is the theorem. If a weight *is* negative the last step is wrong:
        replacing a large $|g_t|^2$ by a small one would raise the right side. That is why the theorem has a condition
        on weights, and why it refuses large steps.
        """,
        falling=lesson.facts["falling"],
        served=lesson.facts["served"],
        factor_s=lesson.facts["factor_s"],
        theorem=lesson.facts["theorem"],
    )
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## Change a constant

        The kernel knows sixteen rules and some axioms: add two facts, multiply a fact by something that is not
        negative, sum over an index, use an axiom. A proof is a list of claims with the rules that derive them. The
        kernel carries the rules out, in exact arithmetic and with letters for $T$, $s$ and the delays, and compares
        what comes out with the claim. What does not agree is refused.

        Suppose we get a constant wrong.
        """)
    return


@app.cell
def _(lesson):
    weaker_guess = lesson.predictions["weaker"].form()
    weaker_guess
    return (weaker_guess,)


@app.cell
def _(lesson, weaker_guess):
    lesson.predictions["weaker"].shown(weaker_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        So *refused* does not mean *false*. It means: this derivation does not prove this claim. Whether a refused claim
        is false is another question, and it has another kind of answer: a **run that breaks it**. Move the constant.
        The black curve is what $F$ really falls by in one step on a parabola; where the dashed curve lies above it, the
        claim promises too much.
        """)
    return


@app.cell
def _(lesson):
    constant = lesson.pictures["constant"].controls()
    constant
    return (constant,)


@app.cell
def _(constant, lesson):
    lesson.pictures["constant"].at(constant.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        At $c = \frac12$ the two curves are one: on this parabola the step is used up to the last bit, and no smaller
        constant can be true. One says the inequality is **tight**.

        ## What the proof rests on

        <<rules>> applications of rules, and these axioms:

        <<axioms>>

        Coherence and steps that do not increase are not among them: they are conditions of this one theorem, and stand
        in its statement. Everything else is derived. A computer cannot tell you whether an axiom is true of *your*
        training: whether your noise has mean zero given the past, or your gradients are coherent. It can tell you that
        nothing but these was used.

        ## Exercises
        """,
        rules=lesson.facts["rules"],
        axioms=lesson.facts["axioms"],
    )
    return


@app.cell
def _(lesson):
    answer_1 = lesson.exercises["1"].form()
    answer_1
    return (answer_1,)


@app.cell
def _(answer_1, lesson):
    lesson.exercises["1"].mark(answer_1.value)
    return


@app.cell
def _(lesson):
    answer_2 = lesson.exercises["2"].form()
    answer_2
    return (answer_2,)


@app.cell
def _(answer_2, lesson):
    lesson.exercises["2"].mark(answer_2.value)
    return


@app.cell
def _(lesson):
    answer_3 = lesson.exercises["3"].form()
    answer_3
    return (answer_3,)


@app.cell
def _(answer_3, lesson):
    lesson.exercises["3"].mark(answer_3.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        ## What was proved, and what was only seen

        **Proved**, for every $T$, every window and every delay within it: the bound with the factor $s$, for steps that
        do not increase. `gradlag prove dai2019-sum` replays it on your machine, and `gradlag prove dai2019` goes on to
        the form in which the study states it, with its own steps and its logarithm. **Seen:** that a smaller constant
        is false, on examples. **Assumed:** coherence. Theorems without it, and whether a training has it, are
        lesson 5's.
        """)
    return


if __name__ == "__main__":
    app.run()
