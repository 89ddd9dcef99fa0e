"""Words that tell what kind of work a prompt is: a class of words, and which words are in it.

Mostly English, with the commonest German, French and Spanish words for the tasks that decide most. A class is a weak
hint: how much it weighs is fitted, and a class that tells nothing gets no weight.
"""

from typing import Final

WORDS: Final = {
    "negation": "not no never except none neither nor without cannot can't isn't doesn't don't didn't least false "
    "incorrect wrong nicht kein keine pas sans sin",
    "number": "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen twenty "
    "thirty forty fifty sixty hundred thousand million dozen first second third once",
    "multiple": "half twice thrice times third quarter fourth fifth percent double triple doubled tripled fraction "
    "ratio average",
    "each": "each every per apiece everyone",
    "rest": "left remaining remain remains rest remainder still leftover",
    "total": "total altogether combined sum together all overall entire",
    "comparison": "more less fewer than as same many much greater older younger longer shorter taller faster slower "
    "larger smaller bigger most least equal cheaper additional extra another other",
    "condition": "if then unless when after before until while because since therefore thus so hence assuming suppose "
    "given provided however although though wenn falls si cuando",
    "time": "second seconds minute minutes hour hours day days week weeks month months year years morning "
    "afternoon evening night noon today tomorrow monday tuesday wednesday thursday friday saturday sunday "
    "daily weekly monthly",
    "question": "what which who whom whose when where why how was wer wie warum welche quel quelle pourquoi comment "
    "qué cómo cuál",
    "pronoun": "i me my you your he him his she her hers it its we us our they them their",
    "function": "the a an of to in and for is on that with as by at from or be are was were has have had this these "
    "those which it",
    "modal": "would could should may might must can will shall likely probably best most primarily mainly",
    "money": "cost costs price prices pay pays paid buy buys bought sell sells sold earn earns spend spends spent "
    "profit money cents dollar dollars euro euros",
    "maths": "equation function integer integers polynomial matrix vector graph set sets probability value values "
    "solve find compute calculate evaluate let number numbers area volume angle triangle circle line "
    "group ring field mean median variance sample proof theorem integral derivative limit eigenvalue "
    "modulo prime converges berechne calcule calcula",
    "code": "def class return import function const var let void static public private async await select from "
    "where null true false int string bool array list dict struct enum interface lambda loop thread mutex "
    "api endpoint database query sql python javascript typescript java rust golang bash regex docker "
    "kubernetes git",
    "statement": "following above both statement statements true correct",
    "reasoning": "prove proof derive derivation show justify why explain analyse analyze analysis compare contrast "
    "critique evaluate assess reason reasoning strategy tradeoff tradeoffs implications consequences "
    "optimal optimise optimize minimise minimize maximise maximize constraint constraints rigorous "
    "complexity counterexample hypothesis argue beweise begründe erkläre analysiere démontre démontrer "
    "expliquez demuestra explica analiza",
    "building": "design implement architecture architect refactor debug fix bug error traceback exception race "
    "deadlock concurrent concurrency distributed scalable migrate migration algorithm optimise optimize "
    "performance leak protocol schema pipeline plan roadmap entwirf implementiere conçois implémente "
    "diseña implementa",
    "sorting": "classify classification category categories categorise categorize label labels sentiment positive "
    "negative neutral spam tag tags intent route yes or detect identify choose pick klassifiziere classe "
    "clasifica",
    "taking": "extract extraction find list names name date dates email emails phone address invoice json fields "
    "field parse keys key values csv table entities extrahiere extrais extrae",
    "rewriting": "translate translation summarise summarize summary rephrase rewrite paraphrase correct grammar "
    "spelling shorten title headline subject polite formal tone sentence bullet bullets convert format "
    "uppercase lowercase übersetze fasse zusammen traduis traduire résume traduce resume",
    "small_talk": "hi hello hey thanks thank please bye goodbye morning welcome ok okay great cool nice joke weather "
    "hallo danke bonjour merci hola gracias",
    "brief": "briefly short only just single simple simply quick quickly word words answer reply output",
    "thorough": "step steps detailed detail thorough comprehensive complete carefully depth full exact exactly "
    "precisely formal formally schrittweise ausführlich",
}
"""Class → its words, lower case."""

CLASSES: Final = {
    word: sum(1 << 16 * index for index, words in enumerate(WORDS.values()) if word in words.split())
    for word in {word for words in WORDS.values() for word in words.split()}
}
"""Word → a one in the 16-bit field of each class it is in, so that the sum over a text's words counts all classes at
once. Little-endian; a text has far fewer than 65,536 words.
"""
