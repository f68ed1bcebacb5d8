"""An LSTM autoencoder in PyTorch for padded arrays and lengths, and skorch's regressor around it."""

import torch
from skorch import NeuralNetRegressor
from torch import nn


class PackedAutoencoder(nn.Module):
    """Pack sequences by their lengths, and return reconstructions, with zeros as padding, and encodings."""

    def __init__(self, width=4):
        super().__init__()
        self.encoder = nn.LSTM(1, width, batch_first=True)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.output = nn.Linear(width, 1)

    def forward(self, x, length):
        """Return reconstructions (B, T, 1) and encodings (B, width)."""
        packed = nn.utils.rnn.pack_padded_sequence(x, length.cpu(), batch_first=True, enforce_sorted=False)
        z = self.encoder(packed)[1][0][0]
        output = self.output(self.decoder(z[:, None].expand(-1, x.shape[1], -1))[0])
        return output * (torch.arange(x.shape[1]) < length[:, None])[:, :, None], z


class PackedRegressor(NeuralNetRegressor):
    """Compute the loss on the first output, as in skorch's documentation of autoencoders."""

    def get_loss(self, y_pred, y_true, *args, **kwargs):
        """Return the loss of the reconstruction."""
        return super().get_loss(y_pred[0], y_true, *args, **kwargs)
