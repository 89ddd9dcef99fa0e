"""English words that decide whether two questions can have one answer, by the kind of difference they make."""

from typing import Final

_NUMBERS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
_ORDINALS: Final = "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"

NUMBERS: Final = {
    **{word: str(value) for value, word in enumerate(_NUMBERS.split()) if word != "one"},
    **{word: str(value) for value, word in enumerate(_ORDINALS.split())},
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80", "ninety": "90",
    "hundred": "100", "thousand": "1000", "million": "1000000", "billion": "1000000000", "dozen": "12",
    "once": "1", "twice": "2", "thrice": "3", "double": "2", "triple": "3", "half": "0.5", "quarter": "0.25",
}  # fmt: skip
"""Words that say a number; `one` mostly says none. `second` is a unit of time, too: it must agree either way."""

_NEGATIONS: Final = """
not no never none nothing nobody nowhere neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont
wouldnt couldnt shouldnt hasnt havent hadnt aint unable fail fails failed failing refuse refuses refused lack lacks
lacking except excluding
"""
NEGATIONS: Final = frozenset(_NEGATIONS.split())
"""Besides these, words that end in `n't`."""

_MARKS: Final = {
    # dates
    "january": "jan", "february": "feb", "march": "mar", "april": "apr", "june": "jun", "july": "jul", "august": "aug",
    "september": "sep", "sept": "sep", "october": "oct", "november": "nov", "december": "dec",
    "monday": "mon", "tuesday": "tue", "wednesday": "wed", "thursday": "thu", "friday": "fri", "saturday": "sat",
    "sunday": "sun", "mondays": "mon", "tuesdays": "tue", "wednesdays": "wed", "thursdays": "thu", "fridays": "fri",
    "saturdays": "sat", "sundays": "sun",
    # units
    "kilogram": "kg", "kilograms": "kg", "kilo": "kg", "kilos": "kg", "gram": "g", "grams": "g", "milligrams": "mg",
    "milligram": "mg", "pound": "lb", "pounds": "lb", "lbs": "lb", "ounce": "oz", "ounces": "oz", "tonne": "ton",
    "tonnes": "ton", "tons": "ton",
    "kilometer": "km", "kilometers": "km", "kilometre": "km", "kilometres": "km", "meter": "m", "meters": "m",
    "metre": "m", "metres": "m", "centimeter": "cm", "centimeters": "cm", "centimetres": "cm", "millimeters": "mm",
    "millimetres": "mm", "mile": "mi", "miles": "mi", "yards": "yard", "foot": "ft", "feet": "ft", "inch": "in.",
    "inches": "in.",
    "liter": "l", "liters": "l", "litre": "l", "litres": "l", "milliliters": "ml", "millilitres": "ml",
    "gallons": "gallon", "cups": "cup", "teaspoons": "teaspoon", "tsp": "teaspoon", "tablespoons": "tablespoon",
    "tbsp": "tablespoon", "pints": "pint", "acres": "acre", "hectares": "hectare",
    "nanoseconds": "ns", "microseconds": "us", "milliseconds": "ms", "seconds": "sec", "secs": "sec", "minute": "min",
    "minutes": "min", "mins": "min", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "hourly": "h", "days": "day",
    "daily": "day", "weeks": "week", "weekly": "week", "months": "month", "monthly": "month", "years": "year",
    "yearly": "year", "annual": "year", "annually": "year", "quarterly": "quarters", "decades": "decade",
    "degrees": "degree", "fahrenheit": "°f", "celsius": "°c", "centigrade": "°c", "kelvins": "kelvin",
    "radians": "radian", "percent": "%", "percentage": "%",
    "bits": "bit", "bytes": "byte", "kilobytes": "kb", "kilobyte": "kb", "megabytes": "mb", "megabyte": "mb",
    "gigabytes": "gb", "gigabyte": "gb", "terabytes": "tb", "terabyte": "tb", "watts": "watt", "kilowatts": "kw",
    "volts": "volt", "amps": "amp", "calories": "calorie", "joules": "joule", "hertz": "hz", "pascals": "pascal",
    "dollar": "usd", "dollars": "usd", "$": "usd", "euro": "eur", "euros": "eur", "€": "eur", "£": "gbp",
    "sterling": "gbp", "¥": "jpy", "yen": "jpy", "cents": "cent", "rupees": "inr", "francs": "chf",
}  # fmt: skip
_ALREADY: Final = (
    "may today tomorrow yesterday tonight morning afternoon evening midnight noon weekend weekday g oz ns us ms nm mph "
    "kmh rpm psi kcal cad aud sek nok dkk pln czk brl mxn sgd hkd quarters fortnight century"
)
MARKS: Final = {
    **_MARKS,
    **{canonical: canonical for canonical in _MARKS.values()},
    **{word: word for word in _ALREADY.split() if word not in {"us", "may", "m", "l", "h"}},
}
"""Dates and units, by their one spelling. What is mostly another word (`may`, `us`) is a name if it is written so."""

_OPPOSITES: Final = """
increase raise up higher more grow | decrease reduce lower down less fewer shrink
enable activate | disable deactivate
on | off
buy purchase | sell
before prior until | after since
minimum min least | maximum max most
start begin launch | stop end terminate quit
open | close shut closed
add insert append include | remove delete drop exclude
encrypt | decrypt
encode serialize | decode deserialize
import upload | export download
lock block freeze | unlock unblock unfreeze
sender send sent | receive received receiver recipient
deposit | withdraw withdrawal
credit | debit
login signin | logout signout
subscribe | unsubscribe
install | uninstall
ascending | descending
left | right
north northern | south southern
east eastern | west western
top upper | bottom
push | pull
read | write
public | private
internal inbound incoming | external outbound outgoing
allow permit accept | deny forbid reject decline ban
win | lose
borrow | lend
employee | employer
hot warm | cold cool
fast faster quick quickly | slow slower slowly
old older oldest | new newer newest
first earliest | last latest
cheap cheapest | expensive
safe | dangerous unsafe
possible | impossible
legal | illegal
valid | invalid
male men man boy he him husband son father | female women woman girl she her wife daughter mother
parent | child children
multiply | divide
plus sum | minus difference subtract
server | client
horizontal horizontally | vertical vertically
input | output
inside within | outside
above over | below under
arrive arrival | depart departure leave
gain profit | loss
prefix | suffix
domestic | international
synchronous sync | asynchronous async
positive | negative
even | odd
always | sometimes
all every each entire whole | some partial partially any
only solely exclusively | also
permanently permanent | temporarily temporary
manually manual | automatically automatic
mandatory required | optional
physical | virtual
free | paid
full | empty
strong | weak
hard difficult | easy
long longer longest | short shorter shortest
big bigger biggest large largest | small smaller smallest
who | when | where | why
"""
OPPOSITES: Final = {
    word: (line, side)
    for line, text in enumerate(_OPPOSITES.strip().splitlines())
    for side, words in enumerate(text.split("|"))
    for word in words.split()
}
"""A word to the line of opposites it is in, and its side. Texts that stand on different sides of a line differ."""

_FUNCTION: Final = """
a an the this that these those my your our his her its their me you us them i we it he she they mine yours is are was
were be been being am do does did doing done have has had having can could will would shall should may might must to
of in on at by for with about into onto as from and or but if so then there here what which how who when where why
please pls kindly hi hello hey thanks thank just really actually also too very still now currently i'm i've i'd i'll
it's what's how's where's who's that's there's let's want need like know tell explain help wish wonder wondering
possible way ways get got getting going go able manage try trying something anything someone u ur s t re ve ll d m im
ive whats hows id okay ok well oh any some one
"""
FUNCTION: Final = frozenset(_FUNCTION.split())
"""Words that carry no matter of their own, in a question."""

SAME: Final = {
    word: words.split()[0]
    for words in (
        "change update modify edit alter",
        "delete remove erase",
        "buy purchase",
        "fix repair resolve solve",
        "start begin",
        "stop end",
        "make create generate build",
        "find locate",
        "show display view see",
        "error problem issue trouble",
        "arrive come deliver",
        "cost price fee charge",
        "big large",
        "quick fast",
        "photo picture image",
        "phone mobile cellphone smartphone",
        "reason cause",
        "often frequently",
        "method way approach",
        "receive get obtain",
        "choose select pick",
        "check verify",
        "work function",
        "lose lost misplace",
        "return send-back",
        "company business firm",
        "best ideal optimal",
        "mean meaning signify",
        "long lengthy",
        "directory folder",
        "bill invoice",
        "film movie",
        "car automobile",
        "doctor physician",
        "kid child",
    )
    for word in words.split()
}
"""Words that may stand for each other."""
