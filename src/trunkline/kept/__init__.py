"""What is kept encrypted of what was said: for whom each is sealed, how it is read again, exported and erased.

response      a response that applications may refer to
transcript    a request of the request log, with its answer
owners        for whom either is encrypted: a virtual key, or one person
disclosing    reading, exporting and erasing, each of it recorded
"""
