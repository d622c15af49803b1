from sim.domains import dispatch


class LeastPredictedWork(dispatch.Policy):
    """Sends a job to the server whose jobs are predicted to be done first, the first of equals.

    With true predictions it is `least_work`; a job that is predicted far too short hides behind its prediction.

    Reference: Mitzenmacher, "Scheduling with Predictions and the Price of Misprediction", ITCS 2020, section 5.
    """

    channels = ("size",)

    def route(self, job, view):
        best = 0
        least = view.predicted_work(0)
        for server in range(1, view.n_servers):
            work = view.predicted_work(server)
            if work < least:
                best = server
                least = work
        return best
