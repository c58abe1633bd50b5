"""DS-Sync: does averaging in small groups that change cost steps, and what does it save in time?"""
