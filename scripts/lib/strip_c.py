# SPDX-License-Identifier: GPL-3.0-or-later
"""For scripts/lint: C sources without comments and strings, as FILE:LINE:text; or, with --sql, the SQL literals that stand
outside the *_QUERY macros."""
import re
import sys

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|COPY|CALL|LISTEN|NOTIFY|EXPLAIN|BEGIN|COMMIT|ROLLBACK|'
                 r'TRUNCATE|ALTER|CREATE|DROP|SET|GRANT|LOCK|MERGE) [^"]', re.S)


def blank(text):
    return re.sub(r'[^\n]', ' ', text)


def closing(text, start):
    """Index after the parenthesis that closes the one at start; text holds no comments, strings are skipped."""
    depth = 0
    for m in re.compile(r'"(?:\\.|[^"\\\n])*"|[()]').finditer(text, start):
        depth += {'(': 1, ')': -1}.get(m.group(), 0)
        if depth == 0:
            return m.end()
    return len(text)


def bare(path, text):
    text = TOKEN.sub(lambda m: '""' if m.group()[0] in '"\'' else blank(m.group()), text)
    for number, line in enumerate(text.split('\n'), 1):
        print(f'{path}:{number}:{line}')


def stray_sql(path, text):
    text = TOKEN.sub(lambda m: blank(m.group()) if m.group()[0] == '/' else m.group(), text)
    # pieces that queries are put together from, by the compiler
    text = re.sub(r'^#define .*(\n(?<=\\\n).*)*', lambda m: blank(m.group()), text, flags=re.M)
    for m in reversed(list(re.finditer(r'\b\w*QUERY\w*\s*\(', text))):
        end = closing(text, m.end() - 1)
        text = text[:m.start()] + blank(text[m.start():end]) + text[end:]
    for m in SQL.finditer(text):
        line = text.count('\n', 0, m.start()) + 1
        print(f'{path}:{line}: SQL outside a query table: {m.group()[:40]}')


check = bare
for path in sys.argv[1:]:
    if path == '--sql':
        check = stray_sql
    else:
        with open(path, encoding='utf-8') as f:
            check(path, f.read())
