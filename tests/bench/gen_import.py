#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""
A file of contacts as people have them, always the same for the same arguments: six in ten confirmed with a time, one in ten
declined, the rest without a status; one in fifty with a tag, a few thousand companies.

    gen_import.py ROWS [SEED] > contacts.csv
"""
import csv
import random
import sys

FIRST = "Ada Aino Anaïs Björn Chidi Dmytro Elif Fatima Grace Hana Ivo Jan Kateryna Liam Mário Mei Nguyễn Olga Priya Siobhán Søren Zoë Þóra".split()
LAST = ("Andersen Åkesson Çelik Dahl Garcia Hämäläinen Iversen Jansen Kovács Lindqvist Müller Nakamura Nowak Okafor Olsen Petrov "
        "Quist Rossi Schmidt Silva Tanaka Ueda Virtanen Weber Yilmaz Zieliński").split()
COMPANY = "Acme Bolt Cardinal Delta Elm Fjord Globe Harbour Ion Juniper Kite Lumen Maple North Orbit Pine".split()


def write(rows, seed, out):
    rnd = random.Random(seed)
    w = csv.writer(out)
    w.writerow(["Email", "First Name", "Last Name", "Phone", "Title", "Company", "Tags", "consent_status", "OPTIN_TIME"])
    for i in range(rows):
        first, last = rnd.choice(FIRST), rnd.choice(LAST)
        kind = i % 10
        status, at = ("confirmed", f"2025-03-{1 + i % 28:02d} 10:00:00") if kind < 6 else ("declined", "") if kind == 9 else ("", "")
        w.writerow([f"p{i}.{rnd.randrange(1 << 30):x}@{seed}.example", first, last, f"+47 4{i % 10000000:07d}", "Buyer",
                    f"{rnd.choice(COMPANY)} {i % 300}", "prospect" if i % 50 == 0 else "", status, at])


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "bench", sys.stdout)
