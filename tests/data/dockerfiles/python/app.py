import os
import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)


def database():
    connection = sqlite3.connect("/data/notes")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, text TEXT)")
    return connection


@app.get("/notes")
def all_notes():
    with database() as connection:
        notes = dict(connection.execute("SELECT name, text FROM notes ORDER BY name"))
    return jsonify(notes=notes, root=os.getuid() == 0)


@app.put("/notes/<name>")
def put_note(name):
    with database() as connection:
        connection.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, request.get_data(as_text=True)))
    return "", 204
