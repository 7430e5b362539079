"""The workshop: mobilization to be seen and tried in a browser, live (`page`) or in one file without a server (`pack`).

From the bottom: `dials` and `split` (what a visitor can move), `state` (one visitor), `compute` (answers over paired
worlds), `history` (one community, household by household), `layout` and `figures` (Bokeh), and the two faces.
"""
