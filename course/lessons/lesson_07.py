import marimo

app = marimo.App(width="medium", app_title="7. The exact constant")


@app.cell
def _():
    import gradlag as gl

    lesson = gl.teaching.lesson(7)
    lesson.opening()
    return gl, lesson


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## One number for a method

        Lesson 6 had a run of four steps. Let the run be long. Without noise, with one step size and one delay $D$, the
        worst case of the least squared gradient falls like one over the number $N$ of steps,

        $$\min_{k \le N} |\nabla F(x_k)|^2 \;\approx\; C \cdot \frac{L\,\Delta}{N} .$$

        $C$ is a number without units, the **constant** of the method: it says what every step is worth. If $C$ is twice
        as large, twice as many steps are needed, for the worst function. It depends on $h = \eta L$ and on $D$, and on
        nothing else.

        Two simple functions say something about it from below.

        - **A long straight slope.** With the slope $g$ the run loses $\eta\,g^2$ of height at each step, whatever the
          delay. The height lasts for $N$ steps if $g^2 = \frac{\Delta}{\eta N}$. So $C \ge \frac1h$: short steps are
          slow.
        - **Quadratics.** On $F = \frac c2 x^2$ with $c$ small the delay is hardly felt,
          $x_N \approx e^{-c \eta N} x_0$, and $\Delta = \frac c2 x_0^2$ gives
          $|\nabla F(x_N)|^2 \approx 2 c\,\Delta\, e^{-2 c \eta N}$. The worst curvature is $c = \frac1{2 \eta N}$. What
          comes out is $\frac{1}{e\,h}$, less than the straight slope says: on quadratics, the longer the step the
          better, up to the very limit of stability.

        Without delay the least constant is <<fresh>>, at $h = \frac{2}{\sqrt3}$. It is $\frac34 \sqrt3$.
        """,
        fresh=lesson.facts["fresh"],
    )
    return


@app.cell
def _(lesson):
    best_guess = lesson.predictions["best"].form()
    best_guess
    return (best_guess,)


@app.cell
def _(best_guess, lesson):
    lesson.predictions["best"].shown(best_guess.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        The curve has two arms. On the left $C$ follows $\frac1h$: the worst function is nearly a straight slope. On the
        right $C$ rises without limit as $h$ comes near to where a quadratic becomes unstable. The least lies between
        them, a little above half of the stability limit.
        """)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        ## Why a quadratic is not enough

        The grey curve falls and falls. Tune on quadratics, and you end near the stability limit, where some function
        needs a constant many times larger. Which function? A quadratic forgets: what rings along its steep axes dies
        out, and in the end only flat directions are left. The worst function of lesson 6 did not forget. It **turned**,
        and kept the gradient as long as it was.

        Here is the worst function at delay 1 and the best step: <<turning>>. Neither part is ever used up, as the
        function is no quadratic: its curvature lies in other directions at every point of the run. The straight part
        pays the height. The turning part costs hardly any: near the stability limit, what a step earns along an old
        gradient is eaten up by its length. So the closer $h$ is to the limit, the more of the gradient turns, and the
        longer the height lasts.

        How is it known that there is nothing worse? As in lesson 6: by a flow. Give the pair of points $k$ and $k + m$
        the same multiplier at every $k$. What is left over is, for gradients $e^{i \omega k}$ that turn by $\omega$, a
        function $S(\omega)$; and if it is at least $w$ for all angles, then $C \le \frac1w$. A linear program finds the
        multipliers, exact arithmetic checks that $S \ge w$ all around the circle, and where $S = w$ are the angles of
        the worst function. From above and from below, the two agree to seven digits.

        ## Waiting, and what lies beyond

        There is another way to deal with stale gradients: let them go by. After a step, wait for $D$ gradients that are
        too old, and use the next one, which is fresh. Then $D + 1$ gradients arrive for each step, and the constant is
        $(D + 1)\, \frac34 \sqrt3$.
        """,
        turning=lesson.facts["turning"],
    )
    return


@app.cell
def _(lesson):
    order_guess = lesson.predictions["order"].form()
    order_guess
    return (order_guess,)


@app.cell
def _(lesson, order_guess):
    lesson.predictions["order"].shown(order_guess.value)
    return


@app.cell
def _(gl, lesson):
    gl.teaching.text(
        r"""
        Without noise, throwing away all stale gradients is better than using them with the best constant step, at every
        delay from 1 on: at delay 1 it is <<waiting_one>> against <<one>>. But both waste something.
        **Counter-momentum** uses every gradient as it comes, and takes back a part of the moves that were made since it
        was read: it steers as if it had known of them. For it the library proves, at every $T$,

        $$<<left>> \le <<counter>> ,$$

        where one angle $\theta$ decides the steps, the parts that are taken back, and $W = \sin(s \theta)
        \sin\frac{\theta}{2}$. The steps may be shorter than the method's, as if $L$ were a larger $\bar L$. With
        $\bar L = L$ and no noise, $\frac1W$ is its constant. At delay 0, and from delay 5 on, methods are known that
        are better by less than half a per cent; at delays 1 to 4 none is, and none is excluded.

        The picture has all of it. Move the delay: apart from the scale it hardly changes. Then move the step, and see
        how little it takes on the right side to lose everything.
        """,
        waiting_one=lesson.facts["waiting_one"],
        one=lesson.facts["one"],
        left=lesson.facts["counter_left"],
        counter=lesson.facts["counter"],
    )
    return


@app.cell
def _(lesson):
    curve = lesson.pictures["curve"].controls()
    curve
    return (curve,)


@app.cell
def _(curve, lesson):
    lesson.pictures["curve"].at(curve.value)
    return


@app.cell
def _(gl):
    gl.teaching.text(r"""
        All of this is without noise. With noise the order changes: old gradients still average noise out, and those
        that were thrown away do not. `gradlag limit --staleness 2 --method wait` computes a constant, and
        `gradlag cost` weighs methods with noise and in seconds.

        ## Exercises

        Each answer is graded by computing its constant.
        """)
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

        **Proved:** the constants, each from above by certified multipliers (times what the start may cost, which is 1
        up to two thirds of the stability limit, where the best step lies), and waiting's by the case without delay.
        **Computed in floating point:** the constants from below. **Seen:** that $C$ has one least value over the steps,
        and that each further step of delay costs nearly the same. **Open:** the best of all methods. In lesson 8 you
        claim something yourself.
        """)
    return


if __name__ == "__main__":
    app.run()
