"""The words that grading knows: what gives a value, what turns it round, and what is no word but mathematics.

"sin" in FUNCTIONS, "never" in DENIES
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _words(
    """
    alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi rho sigma tau
    upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega ell hbar infty
    """
)
"""Letters that are commands of LaTeX."""
FUNCTIONS = _words(
    """
    sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth ln exp Re Im arg
    """
)
"""Functions of one argument."""
NO_PRODUCTS = _words(
    """
    no on is or of in to an at by it us we he so do go if as be my am pm
    """
)
"""Two letters that are a word, not a product of variables."""
GIVES = _words(
    """
    is are was were be equals equal = gives give giving get gets obtain obtains find finds found have has yields
    yield costs cost makes make becomes become takes take needs need contains contain receives earns pays spends
    answer value result total therefore thus hence so then consequently finally conclude namely simply only exactly
    : remains left wins travels paid spent earned sells sold buys bought eats ate uses used drives drove walks
    walked runs ran reads saves saved loses lost gains gained scores scored covers covered made got took gave
    received collects collected owes weighs measures holds held owns wants requires leaves counts counted sees there
    there're there's it's that's they're
    """
)
"""Behind these a sentence gives its value."""
CONNECTIVES = _words(
    """
    therefore thus hence so then consequently finally
    """
)
"""These begin a sentence, and say nothing of its value."""
GIVES_TO = _words(
    """
    equal comes amounts simplifies evaluates reduces equals sums adds leads
    """
)
"""Behind these and `to` as well."""
GIVES_BY = _words(
    """
    increases increased increase decreases decreased decrease rises rose falls fell grows grew shrinks shrank drops
    dropped changes changed differ differs exceeds
    """
)
"""Behind these and `by` as well."""
HAS_OF = _words(
    """
    total speed area length height width volume probability perimeter travels moves runs goes drives
    """
)
"""Behind these and `of` or `at` as well."""
BETWEEN = _words(
    """
    a an the about approximately approx roughly around nearly exactly only just simply precisely that now number
    value total sum result
    """
)
"""These may stand between a verb that gives and the value."""
DENIES = _words(
    """
    not no nor never none neither cannot nothing impossible wrong incorrect false unless if except without doubt
    unclear unknown undetermined undefined instead suppose assume let maybe perhaps unlikely contradiction whether
    guess until than fails hypothetically otherwise mistaken incorrectly mistakenly although though despite whereas
    however but yet excluded rejected extraneous invalid discarded
    """
)
"""A sentence with one of these states nothing."""
VERBS = _words(
    """
    holds hold is are was were has have had does do would could should must may might can will fails seems appears
    divides satisfies works equals gives exist exists
    """
)
"""Where one of these follows, a number at the start is what the sentence is about, not its answer."""
STOPS = _words(
    """
    in for of to on at from that which who when where during since because as so through with by into among within
    """
)
"""What is counted ends before these."""
NOTHING = _words(
    """
    unit units number a an the of in total altogether whole exactly each all is are there
    """
)
"""Words beside a unit that say nothing."""
SCALES = _words(
    """
    dozen hundred thousand million billion trillion pair pairs times squared cubed half twice
    """
)
"""Words that multiply."""
CHANGES = _words(
    """
    point something not no nor never none neither cannot nothing without except unless if or but more less fewer
    greater smaller larger least most than over under above below between plus minus times divided multiplied
    squared cubed root half twice double triple percent to versus vs out wrong incorrect false impossible mod modulo
    base factor power by with solution solutions per mult off factorial choose too short shy halves third thirds
    quarter quarters fourth fourths fifth fifths sixth sixths seventh sevenths eighth eighths ninth ninths tenth
    tenths hundredth hundredths thousandth thousandths millionth millionths score gross couple fold inclusive
    exclusive remainder upwards onwards onward downwards beyond excluded rejected extraneous invalid discarded
    """
)
"""Words that change what a number means; behind a value they make no unit."""
