"""Rules of meetings, participants and placement: values and `now` in, values out."""
