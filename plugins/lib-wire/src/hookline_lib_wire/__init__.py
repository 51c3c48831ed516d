"""The REST API of the tracking server as data, shared by the server and by clients.

`table` lists every route with its request, response and permission; `messages` holds those as structs; `codec` reads
and writes them; `answers` and `entities` turn Hookline's entities into messages and back; `errors` maps errors to
statuses.
"""
