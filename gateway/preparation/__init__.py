"""The grid operator's own side: raw values checked and completed before they are sent (Regulation D1 §4.1.3).

What is due is laid out as a `Draft`, a column of steps for every metering point and local day. Raw values are entered,
`checks` set aside what cannot be right, `estimation` fills the gaps by the regulation's five methods in their order,
and `outgoing` makes documents of it that pass every rule of the hub which needs no state of the hub.
"""
